"""Principals, one file each: who may assume the role, and what it may do. (Permission sets and build roles are others' roles.)"""
